# fish completion for relayctl. Made by: relayctl completion fish
function __relayctl_complete
  set -l words (commandline -opc) (commandline -ct)
  relayctl __complete $words[2..-1] 2>/dev/null
end
complete -c relayctl -a '(__relayctl_complete)'

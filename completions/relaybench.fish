# fish completion for relaybench. Made by: relaybench completion fish
function __relaybench_complete
  set -l words (commandline -opc) (commandline -ct)
  relaybench __complete $words[2..-1] 2>/dev/null
end
complete -c relaybench -a '(__relaybench_complete)'

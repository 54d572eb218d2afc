# bash completion for relaybench. Made by: relaybench completion bash
_relaybench() {
  local words=("${COMP_WORDS[@]:1:COMP_CWORD}") line
  # Words such as chat:1 and --output=json are one word for relaybench, and several for bash.
  if declare -F _get_comp_words_by_ref >/dev/null; then
    local cur prev cword all
    _get_comp_words_by_ref -n =: -w all -i cword
    words=("${all[@]:1:cword}")
  fi
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <(relaybench __complete "${words[@]}" 2>/dev/null)
  if declare -F __ltrim_colon_completions >/dev/null; then
    __ltrim_colon_completions "${words[-1]}"
  fi
}
complete -o default -F _relaybench relaybench

# eval "$(dz completion bash)", for instance in ~/.bashrc
_dz() {
    local IFS=$'\n'
    COMPREPLY=($("$1" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _dz dz

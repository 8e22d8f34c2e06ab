# dz completion fish > ~/.config/fish/completions/dz.fish
complete -c dz -f -a '(dz --complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'

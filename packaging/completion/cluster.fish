# fish completion for cluster and rollcall: the program itself says what may follow.
for name in cluster rollcall
    complete -c $name -f -a '(set -l w (commandline -opc) (commandline -ct); $w[1] complete -- $w[2..-1] 2>/dev/null)'
end

# fish completion for gpupci: what --help says, and the names of cards and vGPUs.
function __gpupci_candidates
    set -l before (commandline -opc)[-1]
    set -l current (commandline -ct)
    if string match -q -- '--*=*' $current
        set before (string split -f 1 -- = $current)
    end
    set -l wants (gpupci --help 2>/dev/null | sed -nE 's/^ +(-[a-z], )?(--[a-z-]+)[ =]([A-Z|a-z[]+\]?).*/\1\2 \3/p' |
        awk -v before="$before" '{ for (i = 1; i < NF; i++) if ($i == before || $i == before ",") print $NF }')
    switch "$wants"
        case '*NAME*' '*PARENT*'
            gpupci -l 2>/dev/null | cut -d ' ' -f 1
        case VGPU
            gpupci --vgpus 2>/dev/null | sed '1d;s/ .*//'
        case GUARD
            gpupci --help | sed -n '/begins with:/,/--lease/p' | sed '1d;$d' | tr -d ' ' | tr , '\n' | sed '/^$/d;s/^/--force=/'
        case '*[*' '\[*'
            string match -ra '[a-z]+' -- $wants
        case '*'
            gpupci --help 2>/dev/null | grep -oE '^ +(-[a-z], )?--[a-z-]+=?' | grep -oE -e '--.*'
    end
    if string match -q '*all*' -- $wants
        echo all
    end
end
complete -c gpupci -f -a '(__gpupci_candidates)'


# Names of files with one of these endings, and folders.
_mesasweep_files() {
    local prefix=$1 ending
    shift
    compopt -o filenames
    COMPREPLY=($(compgen -d -- "$prefix"))
    for ending; do
        COMPREPLY+=($(compgen -f -X "!*$ending" -- "$prefix"))
    done
}

# Of words in $2, those that begin with $1; the part of $1 up to a last comma stays.
_mesasweep_words() {
    local prefix=$1 list=
    case $1 in *,*) list=${1%,*}, prefix=${1##*,} ;; esac
    COMPREPLY=($(compgen -P "$list" -W "$2" -- "$prefix"))
}

# What is of kind $1, a word of the help, and begins with $2; $3 is a result file or empty. Of what
# stands before a = readline takes care.
_mesasweep_kind() {
    local key IFS=$' \t\n'
    case $1 in
    key=value | KEY=VALUE)
        case $2 in
        *=*) _mesasweep_words "${2#*=}" "${_mesasweep_values[${2%%=*}]-}" ;;
        *)
            compopt -o nospace
            key=" ${!_mesasweep_values[*]}"
            [ "$1" = KEY=VALUE ] && key+=" $_mesasweep_columns"
            _mesasweep_words "$2" "${key//[[:space:]]/$'\n'}"
            COMPREPLY=("${COMPREPLY[@]/%/=}")
            ;;
        esac
        ;;
    COLUMN*)
        _mesasweep_words "$2" "${!_mesasweep_values[*]} $_mesasweep_columns"
        [ "${1#*,}" != "$1" ] && compopt -o nospace
        ;;
    NAME,...) _mesasweep_words "$2" "$_mesasweep_aggregates" && compopt -o nospace ;;
    NAME) _mesasweep_words "$2" "$_mesasweep_analyses" ;;
    RUN) [ -f "$3" ] && _mesasweep_words "$2" "$(mesasweep table "$3" --csv --columns run 2>/dev/null | tail -n +2)" ;;
    ROW) _mesasweep_words "$2" "$(mesasweep bench --list)" ;;
    *.yaml) IFS=$'\n' _mesasweep_files "$2" .yaml .yml ;;
    *.h5) IFS=$'\n' _mesasweep_files "$2" .h5 ;;
    FILE | SCRIPT) IFS=$'\n' _mesasweep_files "$2" '' ;;
    esac
}

# The kind of the value of option $2 of command $1; nothing when it takes none.
_mesasweep_value_of() {
    local option
    for option in ${_mesasweep_options[$1]-}; do
        case $option in "$2="* | "$2?"*) printf '%s' "${option#*[=?]}" ;; esac
    done
}

_mesasweep() {
    local line=${COMP_LINE:0:COMP_POINT} word command kind file= before=
    local -a words kinds
    read -ra words <<<"$line"
    case $line in *[[:space:]]) words+=('') ;; esac
    COMPREPLY=()
    word=${words[-1]} command=${words[1]}
    if [ ${#words[@]} -le 2 ]; then
        COMPREPLY=($(compgen -W "${!_mesasweep_arguments[*]} help --help --version" -- "$word"))
        return
    fi

    # Kinds of the command's words in their order; options, brackets and dots are none.
    read -ra kinds <<<"${_mesasweep_arguments[$command]-}"
    for kind in "${!kinds[@]}"; do
        kinds[kind]=${kinds[kind]%'[:RUN]'} kinds[kind]=${kinds[kind]#[} kinds[kind]=${kinds[kind]%]}
        case ${kinds[kind]} in -* | ...) unset "kinds[kind]" ;; esac
    done
    kinds=("${kinds[@]}")

    # Those that stand already take theirs; the last kind repeats.
    for before in "${words[@]:2:${#words[@]}-3}"; do
        case $before in -*) continue ;; *.h5) [ "$file" ] || file=$before ;; esac
        [ ${#kinds[@]} -gt 1 ] && kinds=("${kinds[@]:1}")
    done

    case $word in
    --*=*)
        _mesasweep_kind "$(_mesasweep_value_of "$command" "${word%%=*}")" "${word#*=}" "$file"
        ;;
    -*)
        for kind in ${_mesasweep_options[$command]-}; do
            case $kind in
            --*=*) COMPREPLY+=($(compgen -W "${kind%%=*}=" -- "$word")) ;;
            *) COMPREPLY+=($(compgen -W "${kind%%[=?]*}" -- "$word")) ;;
            esac
        done
        case ${COMPREPLY[0]-} in *=) [ ${#COMPREPLY[@]} -eq 1 ] && compopt -o nospace ;; esac
        ;;
    *)
        kind=
        case $before in -*=*) ;; -*) kind=$(_mesasweep_value_of "$command" "$before") ;; esac
        _mesasweep_kind "${kind:-${kinds[0]-}}" "$word" "$file"
        ;;
    esac
}

complete -F _mesasweep mesasweep

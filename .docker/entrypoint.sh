#!/bin/sh
# The container's first process. What a user may write after the image's name:
#
#   (nothing)                          a server with its defaults
#   --appendonly yes                   options alone: for the server
#   some.conf --port 7000              a configuration file: for the server
#   redis-server ... | spinel ...      the server by name
#   redis-cli ...                      any other program of the image, as it is
#
# The server itself never runs as root: files of the working directory are handed to the user `redis` first.
set -eu

# Does this configuration file, or one it includes (to the depth left), say anything about protected-mode?
mentions_protected_mode() { # FILE DEPTH
    [ -r "$1" ] && [ "$2" -gt 0 ] || return 1
    grep -qiE '^[[:space:]]*protected-mode[[:space:]]' "$1" && return 0
    # An include may be a pattern, so the shell expands what sed finds.
    # shellcheck disable=SC2013
    for included in $(sed -nE 's/^[[:space:]]*include[[:space:]]+"?([^"]*)"?[[:space:]]*$/\1/Ip' "$1"); do
        ! mentions_protected_mode "$included" $(($2 - 1)) || return 0
    done
    return 1
}

if [ $# -eq 0 ]; then
    set -- redis-server
fi
case $1 in
-* | *.conf) set -- redis-server "$@" ;;
esac

case ${1##*/} in
redis-server | spinel)
    if [ "$(id -u)" = 0 ]; then
        # Nobody means to hand over a whole container that was started with `--workdir /`.
        if [ "$(pwd)" != / ]; then
            find . ! -user redis -exec chown redis {} + || echo "entrypoint: some files stay with their owners" >&2
        fi
        exec setpriv --reuid=redis --regid=redis --init-groups --inh-caps=-all -- "$0" "$@"
    fi
    # Data and logs are the server's own, unless somebody chose another mask.
    [ "$(umask)" != 0022 ] || umask 0077

    # Every client of a container comes from outside its loopback, which protected mode would refuse; the published
    # ports are the border here. A file that speaks of it decides, and so does an option that comes later.
    server=$1
    shift
    case ${1:-} in
    -v | --version | -h | --help | --check-system | --test-memory) ;;
    '' | -*) set -- --protected-mode no "$@" ;;
    *)
        if [ -f "$1" ] && ! mentions_protected_mode "$1" 8; then
            conf=$1
            shift
            set -- "$conf" --protected-mode no "$@"
        fi
        ;;
    esac
    set -- "$server" "$@"
    ;;
esac
exec "$@"

# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
# Sourced by the scripts. install_packages NAME...: installs those Debian packages that are missing and says which.
# NAME may be alternatives, best first, as in libboost1.81-dev|libboost-dev. Returns 1, having said what is needed, where
# it can't: on a system without apt-get, or without the right to use it.

is_installed() {
    case $1 in
        # These may come from elsewhere than Debian.
        nodejs) command -v node >/dev/null 2>&1 && return 0 ;;
        npm) command -v npm >/dev/null 2>&1 && return 0 ;;
    esac
    case $(dpkg-query --show --showformat='${Status}' "$1" 2>/dev/null) in
        *' installed') return 0 ;;
    esac
    return 1
}

has_candidate() {
    [ -n "$(apt-cache --quiet=2 show "$1" 2>/dev/null)" ]
}

missing_packages() {
    local name alternative found
    for name in "$@"; do
        found=
        for alternative in ${name//|/ }; do
            if is_installed "$alternative"; then found=yes; fi
        done
        [ -n "$found" ] || printf '%s\n' "$name"
    done
}

install_packages() {
    local missing name alternative as_root=()
    if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
        printf 'This is no Debian-like system. Needed, by the names of the packages in Debian 12: %s\n' "${*%%|*}" >&2
        return 1
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -ne 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            printf 'Neither root nor sudo. These Debian packages are needed: %s\n' "${missing[*]%%|*}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    printf 'Installing what is missing: %s\n' "${missing[*]%%|*}" >&2
    "${as_root[@]}" apt-get update --quiet=2 >&2 || return 1
    local chosen=()
    for name in "${missing[@]}"; do
        for alternative in ${name//|/ }; do
            if has_candidate "$alternative"; then
                chosen+=("$alternative")
                continue 2
            fi
        done
        printf 'No package for %s here.\n' "$name" >&2
        return 1
    done
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --quiet=2 --no-install-recommends "${chosen[@]}" >&2 </dev/null
}

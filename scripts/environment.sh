# Sourced by ./run and ./test, which set $root. Makes $root/.venv hold what a lock file lists.

python="$root/.venv/bin/python"

say() { printf '%s\n' "$*" >&2; }

# The first Python on PATH that is new enough and actually runs: a shim may exist and not run.
find_python() {
    local candidate
    while read -r candidate; do
        if "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done < <(type -ap python3.11 python3.12 python3.13 python3.14 python3 python)
    say "costmodel needs Python 3.11 or newer, and none on PATH runs. Install one, then start again."
    return 1
}

# Which Python with which packages: while this has not changed, there is nothing to do.
stamp_of() { { "$python" -VV && cat "$root/$1"; } | cksum; }

make_venv() {
    local base
    base=$(find_python)
    say "Making the environment in .venv, once (about a minute) …"
    "$base" -m venv --clear --without-pip "$root/.venv" &&
        { "$base" -m pip --version || "$python" -m ensurepip; } >/dev/null 2>&1 ||
        { say "$base has neither pip nor ensurepip. Install one (Debian: python3-venv), then start again."
          return 1; }
}

# The environment's own pip if it has one, else the pip of the Python it was made with.
pip_here() {
    local base
    if "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m pip --disable-pip-version-check "$@"
    else
        base=$("$python" -c 'import sys; print(sys._base_executable)')
        "$base" -m pip --disable-pip-version-check --python "$python" "$@"
    fi
}

# uv is several times faster; pip takes over if uv cannot be had or fails.
install_lock() {
    local uv="$root/.venv/bin/uv"
    { [[ -x $uv ]] || pip_here install --quiet uv; } &&
        "$uv" pip install --quiet --system-certs --python "$python" --require-hashes -r "$root/$1" ||
        { say "uv did not work here; using pip."
          pip_here install --quiet --require-hashes -r "$root/$1"; }
}

# ensure_environment LOCK…: what the first lock lists is installed, or what one of the others lists already is.
ensure_environment() {
    local lock
    if "$python" -V >/dev/null 2>&1; then
        for lock in "$@"; do
            [[ $(stamp_of "$lock") == "$(cat "$root/.venv/$lock.stamp" 2>/dev/null)" ]] && return
        done
    else
        make_venv
    fi
    install_lock "$1" >&2
    stamp_of "$1" >"$root/.venv/$1.stamp"
}

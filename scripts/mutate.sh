#!/usr/bin/env bash
# scripts/mutate.sh            mutation test of the engine and the result: score per file, and what survived.
# scripts/mutate.sh NAMES…     only the mutants with these names (* matches anything); the others keep their result.
# scripts/mutate.sh show NAME  the change that a mutant makes. Likewise any other command of mutmut: browse, results.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
source scripts/environment.sh

# In an environment of its own, in uv's cache: nothing else needs mutmut.
mutmut() {
    "$root/.venv/bin/uv" tool run --quiet --system-certs --python "$python" \
        --with-requirements requirements-dev.txt mutmut@3.8.1 "$@"
}

ensure_environment requirements-dev.txt
case ${1:-} in
    show | browse | results | tests-for-mutant) mutmut "$@"; exit ;;
    "") rm -rf mutants ;;
esac
mkdir -p mutants
# One thread each, and for tests that choose random models the same models each time.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 RANDOM_SEED=1
mutmut run "$@" >mutants/log 2>&1 || { tr '\r' '\n' <mutants/log | tail -n 40 >&2; exit 1; }
exec "$python" scripts/mutation_score.py

#!/bin/sh
# Submit a job and print its number. What cannot be submitted counts as a failed job: wait up to ten
# minutes for a controller that is away.
for _ in $(seq 60); do
    scontrol ping >/dev/null 2>&1 && break
    sleep 10
done
exec sbatch --parsable "$@"

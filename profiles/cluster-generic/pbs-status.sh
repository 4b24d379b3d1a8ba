#!/bin/sh
# Say whether job $1 of PBS is running, success or failed; without an answer it counts as running.
qstat -xf "$1" 2>&1 | awk '
    /Unknown Job Id/ { forgotten = 1 } # without job_history_enable, as soon as it ends
    $1 == "job_state" { ended = $3 == "F" }
    $1 == "Exit_status" { good = $3 == 0 }
    END { print forgotten || ended && !good ? "failed" : ended ? "success" : "running" }'

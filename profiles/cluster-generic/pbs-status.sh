#!/bin/sh
# Say whether job $1 of PBS is running, success or failed; without an answer it counts as running.
qstat -xf "$1" 2>/dev/null | awk '
    $1 == "job_state" { ended = $3 == "F" }
    $1 == "Exit_status" { good = $3 == 0 }
    END { print !ended ? "running" : good ? "success" : "failed" }'

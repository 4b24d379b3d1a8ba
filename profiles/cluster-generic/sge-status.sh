#!/bin/sh
# Say whether job $1 of SGE is running, success or failed; qacct knows it some time after its end.
if qstat -j "$1" >/dev/null 2>&1; then
    echo running
else
    qacct -j "$1" 2>/dev/null | awk '
        $1 == "failed" || $1 == "exit_status" { known = 1; if ($2 != 0) bad = 1 }
        END { print !known ? "running" : bad ? "failed" : "success" }'
fi

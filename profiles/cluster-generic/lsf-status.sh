#!/bin/sh
# Say whether job $1 of LSF is running, success or failed; without an answer it counts as running.
case $(bjobs -noheader -o stat "$1" 2>/dev/null) in
*DONE*) echo success ;;
*EXIT*) echo failed ;;
*) echo running ;;
esac

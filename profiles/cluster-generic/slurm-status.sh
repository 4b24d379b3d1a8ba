#!/bin/sh
# Say whether job $1 is running, success or failed. Without an answer it counts as running: a
# controller that is away loses no job.
answer=$(scontrol --oneliner show job "$1" 2>&1)
case $answer in
*"Invalid job id"*) echo failed ;; # forgotten, after MinJobAge
*JobState=COMPLETED*) echo success ;;
*JobState=FAILED* | *JobState=CANCELLED* | *JobState=TIMEOUT* | *JobState=OUT_OF_MEMORY*) echo failed ;;
*JobState=DEADLINE* | *JobState=BOOT_FAIL* | *JobState=NODE_FAIL*) echo failed ;;
*) echo running ;;
esac

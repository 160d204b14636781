# What became of a PBS job, in Snakemake's words: status.sh JOB
told=$(qstat -x -f "$1") || { echo running; exit; } # the server is busy: ask again later
case $told in
*"job_state = F"*)
    case $told in
    *"Exit_status = 0"*) echo success ;;
    *) echo failed ;;
    esac
    ;;
*) echo running ;;
esac

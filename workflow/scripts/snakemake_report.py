from descent.jobs import job_log

with job_log(snakemake.log[0]) as log:
    import subprocess
    import sys

    from descent.files import replacing

    results = [file for file in snakemake.input if file.endswith((".png", ".csv"))]
    with replacing(snakemake.output[0]) as part:
        # The workflow run that this job belongs to holds the lock; a report only reads.
        command = [sys.executable, "-m", "snakemake", *results, "--nolock", "--cores", "1"]
        command += ["--snakefile", snakemake.input.snakefile]
        command += ["--configfile", snakemake.input.config, "--report", str(part)]
        subprocess.run(command, check=True, stdout=log, stderr=subprocess.STDOUT)

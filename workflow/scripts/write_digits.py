from descent.files import job_log

with job_log(snakemake.log[0]):
    from descent.data import write_digits

    write_digits(snakemake.params.folder)

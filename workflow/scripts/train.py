from descent.files import job_log

with job_log(snakemake.log[0]):
    from descent.data import load_prepared
    from descent.training import train, write_run

    parameters = dict(snakemake.params)
    output = snakemake.output
    seeds = [int(file.rpartition("seed_")[2].partition(".")[0]) for file in output.iterations]
    runs = train(load_prepared(snakemake.input.prepared), seeds=seeds, **parameters)
    for run, *files in zip(runs, output.iterations, output.epochs, output.weights, strict=True):
        write_run(run, parameters, *files)

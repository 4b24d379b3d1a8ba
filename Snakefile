# The workflow itself is in workflow/Snakefile. This file lets `snakemake` start from here, too.


include: "workflow/Snakefile"


# The default target of an included file is not that of the file that includes it.
rule default:
    default_target: True
    input:
        rules.all.input,

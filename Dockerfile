# The locked environment in workflow/envs/, for Docker, Podman and, through them, Apptainer: docs/cluster.md.
#   docker build --tag descent-lab .        (smaller: --build-arg TORCH_BACKEND=cpu)
#   docker run --rm descent-lab --cores all --configfile config/digits.yaml
FROM python:3.11-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home descent
USER descent
# With Docker's classic builder, WORKDIR alone makes a folder owned by root (moby#36677).
RUN mkdir /home/descent/lab
WORKDIR /home/descent/lab

# The locked packages come first, so that a change of the code does not reinstall them; make reads
# the argument from the environment.
ARG TORCH_BACKEND
COPY --chown=descent Makefile pyproject.toml ./
COPY --chown=descent workflow/envs workflow/envs
RUN make .venv/locked

COPY --chown=descent README.md ./
COPY --chown=descent src src
RUN make setup
ENV PATH="/home/descent/lab/.venv/bin:${PATH}"

COPY --chown=descent . .
ENTRYPOINT ["snakemake"]
CMD ["--cores", "all"]

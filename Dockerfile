# The environment of the lock, for Docker, Podman and, through them, Apptainer: docs/cluster.md.
#   docker build --tag descent-lab .        (smaller: --build-arg TORCH_BACKEND=cpu)
#   docker run --rm descent-lab --cores all --configfile config/digits.yaml
FROM python:3.11-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home descent
USER descent
WORKDIR /home/descent/lab

# First what the environment is made of, so that a change of the code does not make it again.
ARG TORCH_BACKEND
COPY --chown=descent Makefile pyproject.toml requirements.txt ./
RUN make setup TORCH_BACKEND=${TORCH_BACKEND}
ENV PATH="/home/descent/lab/.venv/bin:${PATH}"

COPY --chown=descent . .
ENTRYPOINT ["snakemake"]
CMD ["--cores", "all"]

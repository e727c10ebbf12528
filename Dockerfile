# linc on the CPU, as a user without rights: docker build -t linc . ; docker run --rm linc --help
FROM python:3.12-slim AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu /wheels/*.whl \
    && rm -r /wheels \
    && useradd --uid 10001 --create-home linc
USER linc
WORKDIR /work
ENV OMP_NUM_THREADS=1 XDG_CACHE_HOME=/tmp/cache
HEALTHCHECK --interval=60s --timeout=30s CMD ["linc", "doctor", "-q"]
ENTRYPOINT ["linc"]

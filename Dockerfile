# The steps stand in deploy/*.sh, where the tests run them without a container engine.
FROM python:3.13-slim AS build
WORKDIR /source
COPY . .
RUN deploy/build.sh /source /wheel

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/yingda --create-home yingda
COPY deploy/install.sh requirements/run.txt /setup/
ENV PIP_NO_CACHE_DIR=1
RUN /setup/install.sh packages /opt/yingda /setup/run.txt
COPY --from=build /wheel /setup/wheel
RUN /setup/install.sh wheel /opt/yingda /setup/wheel/*.whl
COPY deploy/healthy.py /opt/yingda/healthy.py

ENV PATH=/opt/yingda/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    YINGDA_HTTP__HOST=0.0.0.0 \
    YINGDA_LOG_FORMAT=json \
    YINGDA_VAR_DIR=/var/lib/yingda
USER yingda
WORKDIR /var/lib/yingda
VOLUME /var/lib/yingda
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "/opt/yingda/healthy.py"]
ENTRYPOINT ["yingda"]
CMD ["serve"]

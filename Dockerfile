# Built in one image, run in another: no compiler, no pip cache and no sources in what is shipped.
FROM python:3.13.11-slim AS build
WORKDIR /source
RUN python -m venv /opt/evaluator
COPY pyproject.toml README.md LICENSE ./
COPY evaluator evaluator
RUN /opt/evaluator/bin/pip install --no-cache-dir '.[fast]'

FROM python:3.13.11-slim
# The state lives in the only folder that the user may write to; a volume that is mounted there inherits its owner.
RUN useradd --system --uid 10001 --home-dir /var/lib/evaluator --create-home --shell /usr/sbin/nologin evaluator
COPY --from=build /opt/evaluator /opt/evaluator
ENV PATH=/opt/evaluator/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /var/lib/evaluator
VOLUME /var/lib/evaluator
EXPOSE 9093
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:9093/-/ready', timeout=2)"]
ENTRYPOINT ["evaluator"]
CMD ["run", "--config", "/etc/evaluator/evaluator.yml", "--listen", "0.0.0.0:9093", "--log-format", "json"]

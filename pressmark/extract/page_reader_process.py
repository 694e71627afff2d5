"""The process that reads pages: `python -m pressmark.extract.page_reader_process FD`, started by `PageReader`."""

import sys

if __name__ == "__main__":
    # It needs neither. itemadapter, which web_poet brings, would load all of them if it could: in every crawl.
    UNUSED = ("scrapy", "pydantic.v1")
    sys.modules.update(dict.fromkeys(UNUSED))  # type: ignore[arg-type]  # None: they can't be imported.
    from pressmark.extract.page_reading import main

    for name in UNUSED:
        del sys.modules[name]  # The page class of another layout may need them.
    main()

"""The process that reads pages: `python -m pressmark.extract.page_reader_process FD`, started by `PageReader`."""

import sys

if __name__ == "__main__":
    # It needs neither. itemadapter, a dependency of web_poet, would load both in every crawl.
    UNUSED = ("scrapy", "pydantic.v1")
    sys.modules.update(dict.fromkeys(UNUSED))  # type: ignore[arg-type]  # None blocks the import.
    from pressmark.extract.page_reading import main

    for name in UNUSED:
        del sys.modules[name]  # Page classes of other layouts may need them.
    main()

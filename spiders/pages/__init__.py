"""Page objects: where a site's pages have their content. Each layout is a class; old ones stay for old captures."""

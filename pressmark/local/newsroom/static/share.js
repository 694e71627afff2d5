/* Share buttons. */
function share(where) {
  if (where === "mail") { location.href = "mailto:?body=" + encodeURIComponent(location.href); }
  if (where === "wechat") { document.getElementById("share-qr").className = "open"; }
}

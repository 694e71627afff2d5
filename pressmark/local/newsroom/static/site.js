/* The site's own script: what every page needs before it is drawn. */
var site = window.site || {};
site.cookie = function (name) {
  var parts = document.cookie.split("; ");
  for (var i = 0; i < parts.length; i++) {
    if (parts[i].indexOf(name + "=") === 0) { return parts[i].slice(name.length + 1); }
  }
  return null;
};
site.count = site.count || function () {};

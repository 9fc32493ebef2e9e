/* Parts of the page that stand still come as HTML. On the first page they are already there: the
   reader may have opened or typed something in them, so they move from #still into the live page.
   Later they change where they stand, and keep what was opened, typed, focused. */
(function () {
  "use strict";

  function changed(now, next) {
    [].slice.call(now.attributes).forEach(function (one) {
      var isOpened = one.name === "open" && now.nodeName === "DETAILS";
      if (!isOpened && !next.hasAttribute(one.name)) { now.removeAttribute(one.name); }
    });
    [].slice.call(next.attributes).forEach(function (one) {
      if (now.getAttribute(one.name) !== one.value) { now.setAttribute(one.name, one.value); }
    });
    fill(now, next);
  }
  function fill(place, made) {
    var held = [].slice.call(place.childNodes), wanted = [].slice.call(made.childNodes);
    wanted.forEach(function (next, index) {
      var now = held[index];
      if (!now) { place.appendChild(next); }
      else if (now.nodeName !== next.nodeName) { place.replaceChild(next, now); }
      else if (now.nodeType === Node.ELEMENT_NODE) { changed(now, next); }
      else if (now.data !== next.data) { now.data = next.data; }
    });
    held.slice(wanted.length).forEach(function (rest) { rest.remove(); });
  }
  function parsed(html) {
    var template = document.createElement("template");
    template.innerHTML = html;
    return template.content;
  }

  /* Where an element stands on the page: the same on the live page and on the one that came as
     HTML, where live charts, the last of their like, are left out. */
  function above(node) { return node.id === "page" || node.id === "still" || !node.parentElement; }
  function steps(node) {
    for (var found = []; !above(node); node = node.parentElement) {
      found.unshift([].indexOf.call(node.parentElement.children, node));
    }
    return found;
  }
  function stillThere(node) {
    return steps(node).reduce(function (found, step) {
      return found && found.children[step];
    }, document.getElementById("still"));
  }

  /* Dash builds a page anew for each answer: what goes is looked at by what comes in its place. */
  var leaving = {}, read = null;
  function leave(node, path) {
    leaving[path + steps(node)] = node;
    node.focused = node.contains(document.activeElement) && document.activeElement;
    Promise.resolve().then(function () { leaving = {}; });
  }
  function adopt(node) {
    var old = leaving[location.pathname + steps(node)] || stillThere(node);
    if (!old || old.nodeName !== node.nodeName) { return; }
    if (read === null) { read = scrollY; }
    var focused = old.focused || (old.contains(document.activeElement) && document.activeElement);
    while (old.firstChild) { node.appendChild(old.firstChild); }
    if (!focused || focused === old) { return; }
    /* When the whole page is there: a page measured half built would be scrolled up. */
    Promise.resolve().then(function () { focused.focus({ preventScroll: true }); });
  }

  class Still extends React.Component {
    componentDidMount() { adopt(this.node); this.show(); }
    componentWillUnmount() { leave(this.node, this.path); }
    componentDidUpdate(before) { if (before.html !== this.props.html) { this.show(); } }
    show() {
      if (this.path !== undefined && this.path !== location.pathname) { this.node.textContent = ""; }
      this.path = location.pathname;
      fill(this.node, parsed(this.props.html));
    }
    render() {
      var self = this, keep = function (node) { self.node = node; };
      return React.createElement(
        this.props.tag, Object.assign({}, this.props.attributes, { ref: keep })
      );
    }
  }
  window.xinzhi = { Still: Still };

  /* Hand over to the live page in the moment it is there. */
  function handOver() {
    var page = document.getElementById("page");
    var still = document.getElementById("still");
    if (!still || !page || !page.firstChild) { return false; }
    still.remove();
    if (read !== null) { scrollTo(0, read); }  /* the page is read on */
    return true;
  }
  var watch = new MutationObserver(function () {
    if (handOver()) { watch.disconnect(); }
  });
  watch.observe(document.documentElement, { childList: true, subtree: true });
})();

// What the theme leaves out for keyboards and screen readers: what scrolls can be reached, and the
// headings of the navigation have a level.
addEventListener("load", () => {
  for (const caption of document.querySelectorAll(".caption[role=heading]")) caption.ariaLevel = "2";
  for (const region of document.querySelectorAll("pre, .table-wrapper"))
    if (region.scrollWidth > region.clientWidth) region.tabIndex = 0;
});

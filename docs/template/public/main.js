// On the page that lists the interactive pages, show each below the list. (Markdown has no frames, and a reader of the repository follows the link.)
export default {
  start() {
    if (!location.pathname.includes("/interactive/")) return;
    const article = document.querySelector("article");
    for (const link of article.querySelectorAll("td a[href$='.html']")) {
      const frame = document.createElement("iframe");
      frame.src = link.href;
      frame.title = link.textContent;
      article.append(frame);
    }
  },
};

// docs/facilitator.md as a page of the bundle: headings, paragraphs, lists, bold, emphasis and code are all it uses.
// Its pictures of the page stay out: whoever reads it there has the page itself.
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const inline = (text) => escaped(text)
  .replace(/`([^`]+)`/g, "<code>$1</code>").replace(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>").replace(/\*([^*]+)\*/g, "<em>$1</em>");

export function html(markdown) {
  return markdown.trim().split(/\n\n+/).filter((block) => !block.startsWith("![")).map((block) => {
    const heading = /^(#{1,3}) (.*)$/.exec(block);
    if (heading) return `<h${heading[1].length}>${inline(heading[2])}</h${heading[1].length}>`;
    const joined = block.replace(/\n(?!- )\s*/g, " ");
    if (!joined.startsWith("- ")) return `<p>${inline(joined)}</p>`;
    return `<ul>${joined.split(/\n/).map((item) => `<li>${inline(item.slice(2))}</li>`).join("")}</ul>`;
  }).join("\n");
}

export const page = (markdown, style) => `<!doctype html>
<html lang="en-GB">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${escaped(/^# (.*)$/m.exec(markdown)[1])}</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="${style}" />
  </head>
  <body class="guide">
    <main>
${html(markdown)}
    </main>
  </body>
</html>
`;

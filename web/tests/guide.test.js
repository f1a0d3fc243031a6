import { expect, it } from "vitest";
import { html } from "../guide.js";

it("turns the guide's few kinds of Markdown into a page, and nothing else into tags", () => {
  expect(html("# A & B\n\ntwo\nlines of **bold**, *thin* `x<y`\n\n- one\n  goes on\n- two")).toBe(
    "<h1>A &amp; B</h1>\n<p>two lines of <strong>bold</strong>, <em>thin</em> <code>x&lt;y</code></p>\n<ul><li>one goes on</li><li>two</li></ul>",
  );
});

it("leaves pictures out", () => {
  expect(html("one\n\n![a picture](images/a.png)\n\ntwo")).toBe("<p>one</p>\n<p>two</p>");
});

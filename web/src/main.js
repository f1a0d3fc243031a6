import "./style/tokens.css";
import "./style/base.css";
import { mount } from "svelte";

// Phones come to /join and need neither charts nor map: they load a page of their own.
const page = location.pathname === "/join" ? import("./Phone.svelte") : import("./App.svelte");
page.then(({ default: Page }) => mount(Page, { target: document.getElementById("page") }));

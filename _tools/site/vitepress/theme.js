import DefaultTheme from "vitepress/theme";
import { h } from "vue";
import picture from "./viaduct.svg?raw";
import "./style.css";

export default {
  extends: DefaultTheme,
  Layout: () =>
    h(DefaultTheme.Layout, null, {
      "home-hero-image": () => h("div", { class: "viaduct", innerHTML: picture }),
    }),
};

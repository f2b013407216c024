/** What elements of the page are made with: shorter in the bundle than the automatic runtime's calls. */
export { Fragment as __f, h as __h } from 'preact';

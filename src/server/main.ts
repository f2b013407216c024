import { startProcessServer } from './node.js';

startProcessServer();

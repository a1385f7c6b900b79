/** The golden vectors in a browser. */
import "../vectors.test.ts";

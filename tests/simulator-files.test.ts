/** Stories in which nothing goes wrong, and files are worked on at once. Apart from the others, for another core. */
import { tellStories } from "./simulator/tell-stories.ts";

tellStories("none");

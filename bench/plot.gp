# The picture of run.py, which says in variables where to write it (output),
# where the data are (rate, dot, memory, size_NAME) and the NAMEs (series).
set terminal svg size 900,760 font "Helvetica,12" background "#ffffff"
set output output
set encoding utf8
set style data histograms
set style histogram clustered gap 1
set style fill solid border -1
set boxwidth 0.9
set grid ytics lc rgb "#dddddd"
set key top right
set datafile missing "?"
set bmargin 4
set linetype 1 lc rgb "#9ecae1"
set linetype 2 lc rgb "#4292c6"
set linetype 3 lc rgb "#084594"
set linetype 4 lc rgb "#d94801"
set multiplot layout 2,2

set title "Sessions a second, one mail each (more is better)"
set yrange [0:*]
set key above
plot rate using 2:xtic(1) title "1 at a time", \
     rate using 3 title "10", rate using 4 title "50"

set title "Final dot to reply, gateway 50 ms away, in round trips\n".\
    "(less is better; 1 is the limit)"
set yrange [0:5]
set key inside top right vertical
plot dot using 2:xtic(1) title "first mail" lt 2, \
     dot using 3 title "later mails" lt 1, \
     1 title "" with lines lt 4 lw 2

set title "PSS of an idle session before AUTH, KiB"
set yrange [0:*]
unset key
plot memory using 2:xtic(1) lt 2, 300 with lines lt 4 lw 2

set title "A mail's way, milliseconds, by its size in KB"
set key inside top left vertical
set style data linespoints
set logscale xy
set yrange [*:*]
set format x "10^{%L}"
set format y "10^{%L}"
plot for [name in series] value("size_".name) using 2:3 title name lw 2
